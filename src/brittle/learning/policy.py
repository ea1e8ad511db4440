"""The network of an agent in torch, for learning: the same formulas as agent.network, many games at once."""

from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from stable_baselines3.common.distributions import Distribution
from stable_baselines3.common.policies import ActorCriticPolicy

from brittle.agent.network import FEATURE_LIMIT, LARGEST_CORRECTION, Network, kind_numbers
from brittle.learning.tuning import PPO_TUNING

ILLEGAL_LOGIT = -1e8  # of a move that cannot be made


class AgentPolicy(ActorCriticPolicy):
    """An actor and critic of stable-baselines3 whose logits are log odds plus the network's correction.

    network: the weights it starts from. operators: the kind of each. generator: draws the moves that are
    played.
    """

    def __init__(
        self,
        observation_space: spaces.Space[Any],
        action_space: spaces.Space[Any],
        lr_schedule: Any,
        *,
        network: Network,
        operators: tuple[str, ...],
        use_sde: bool = False,
    ) -> None:
        super().__init__(observation_space, action_space, lr_schedule, net_arch=[], use_sde=use_sde)
        self.shape = network.shape
        self.generator = torch.Generator()
        numbers = kind_numbers(network.shape.kinds, operators)
        self.register_buffer("numbers", torch.from_numpy(numbers))
        weights = {name: torch.nn.Parameter(torch.tensor(np.array(w))) for name, w in network.weights.items()}
        self.net = torch.nn.ParameterDict(weights)
        self.optimizer = torch.optim.Adam(
            self.net.parameters(), lr=lr_schedule(1), eps=PPO_TUNING.adam_epsilon
        )

    def _build(self, lr_schedule: Any) -> None:
        """None of the layers of stable-baselines3 are used."""

    def export(self) -> Network:
        """The network as it is now, in NumPy."""
        return Network(self.shape, {name: w.detach().numpy().copy() for name, w in self.net.items()})

    def forward(self, obs: Any, deterministic: bool = False) -> Any:
        """Moves (n,), values (n,) and log probabilities of the moves (n,), for n games."""
        logits, values = self._evaluate(obs)
        probabilities = logits.softmax(dim=1)
        moves = (
            probabilities.argmax(dim=1, keepdim=True)
            if deterministic
            else torch.multinomial(probabilities, 1, generator=self.generator)
        )
        return moves[:, 0], values, logits.log_softmax(dim=1).gather(1, moves)[:, 0]

    def evaluate_actions(self, obs: Any, actions: Any) -> Any:
        """Values (n,), log probabilities of these moves (n,), and no entropy: its weight in the loss is 0."""
        logits, values = self._evaluate(obs)
        chosen = actions.long().reshape(-1, 1)
        return values, logits.log_softmax(dim=1).gather(1, chosen)[:, 0], None

    def predict_values(self, obs: Any) -> Any:
        """The expected return of each game from here on, (n,)."""
        return self._evaluate(obs)[1]

    def get_distribution(self, obs: Any) -> Distribution:
        """The probabilities of all moves."""
        return self.action_dist.proba_distribution(self._evaluate(obs)[0])

    def _predict(self, observation: Any, deterministic: bool = False) -> Any:
        return self.forward(observation, deterministic)[0]

    def _evaluate(self, obs: Any) -> Any:
        """Logits of all moves (n, moves), and values (n,)."""
        odds = obs["odds"]
        correction, context = self._correction(obs)
        logits = torch.where(odds > 0, odds.clamp_min(1e-38).log() + correction, ILLEGAL_LOGIT)
        w = self.net
        value = torch.tanh(context @ w["value_in"] + w["value_bias"]) @ w["value_out"] + w["value_out_bias"]
        return logits.flatten(1), value

    def _correction(self, obs: Any) -> Any:
        """The correction of each move (n, operators, places, sizes), and the context (n, hidden)."""
        w, world, odds = self.net, _clipped(obs["world"]), obs["odds"]
        e = _clipped(obs["places"]) @ w["place_in"]
        e = torch.tanh(e + (world @ w["place_world"] + w["place_bias"])[:, None])
        e = torch.tanh(e @ w["place_out"] + w["place_out_bias"])
        context = torch.cat([e.mean(dim=1), e.amax(dim=1), world], dim=1)
        context = torch.tanh(context @ w["context_in"] + w["context_bias"])
        context = torch.tanh(context @ w["context_out"] + w["context_out_bias"])
        kinds = torch.cat([w["kinds"], w["kinds"].new_zeros(1, self.shape.traits)])[self.numbers]
        kinds = kinds.expand(len(world), -1, -1)
        features = [_clipped(obs["operators"]), kinds, _log_share(odds)[:, :, None]]
        u = torch.cat(features, dim=2) @ w["operator_in"]
        u = torch.tanh(u + (context @ w["operator_context"] + w["operator_bias"])[:, None])
        u = torch.tanh(u @ w["operator_out"] + w["operator_out_bias"])
        pairs = (u @ w["head_pair"]) @ e.transpose(1, 2) / self.shape.hidden**0.5
        pairs = pairs + (u @ w["head_operator"])[:, :, None] + (e @ w["head_place"])[:, None]
        c = pairs[:, :, :, None] + (u @ w["head_size"])[:, :, None]
        return LARGEST_CORRECTION * torch.tanh(c / LARGEST_CORRECTION), context


def _log_share(odds: Any) -> Any:
    """Log of each operator's share of the hand-made odds, against an equal share."""
    shares = odds.sum(dim=(2, 3))
    equal = (shares.sum(dim=1, keepdim=True) / shares.shape[1]).clamp_min(1e-30)
    return _clipped((shares / equal).clamp_min(1e-9).log())


def _clipped(features: Any) -> Any:
    return features.clamp(-FEATURE_LIMIT, FEATURE_LIMIT)
