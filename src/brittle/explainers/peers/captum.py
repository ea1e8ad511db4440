"""Grad-CAM and Integrated Gradients from captum: ceilings, which see inside a model and ask it for no row.

They need the model as a torch module besides: one that takes what the model takes, in the data's own bounds,
so that any normalisation is a part of it, and that gives logits, as Grad-CAM is published (probabilities do).
The module's answer to each untouched sample is held against the model's.
"""

from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from brittle.core.errors import DataError, MissingExtraError, UsageError, did_you_mean
from brittle.core.explainer import Attribution, Explainer, Scene
from brittle.core.sample import Array
from brittle.models.efficientnet_lite import FAMILY, network
from brittle.models.options import DEFAULTS
from brittle.models.user_code import load_user_model
from brittle.settings import Settings, setting

AGREE = 0.1
"""Most that the probability of the explained class may differ between module and model."""
AT_ONCE = 8  # inputs that the module is shown
MODES = {1: "linear", 2: "bilinear", 3: "trilinear"}


@dataclass(frozen=True)
class _Net:
    """A torch module as captum takes it, with a name for messages."""

    name: str
    module: Any

    def __call__(self, x: Any) -> Any:
        """A torch batch -> (n, classes)."""
        answers = self.module(x)
        return answers[0] if isinstance(answers, tuple) else answers

    def batch(self, x: Array) -> Any:
        """One input as a torch batch of the module's type and device."""
        import torch  # noqa: PLC0415

        first = next(self.module.parameters(), torch.zeros(0))
        return torch.from_numpy(x[None].copy()).to(first.device, first.dtype)

    def check(self, scene: Scene) -> None:
        """Raise DataError unless it answers the untouched sample as the model did."""
        answers = self(self.batch(scene.sample.x)).detach().double().cpu()
        if answers.shape != (1, len(scene.clean)):
            shape = tuple(answers.shape[1:])
            raise DataError(f"{self.name} answers {shape}, and the model ({len(scene.clean)},) classes")
        sums_to_one = abs(float(answers.sum()) - 1) < 1e-3 and float(answers.min()) >= 0
        told = float((answers if sums_to_one else answers.softmax(1))[0, scene.explained])
        expected = float(scene.clean[scene.explained])
        if not abs(told - expected) <= AGREE:
            raise DataError(
                f"{self.name} gives class {scene.explained} the probability {told:.3g}, and the model "
                f"{expected:.3g}; it must be the same model, with its preprocessing inside"
            )


class _CaptumPeer(Settings):
    """What the members share; made only where captum is installed and the module can be loaded."""

    name: ClassVar[str] = ""
    module: str = setting(
        "efficientnet-lite0",
        "the model as a torch module: package.module:name of it or of what makes it, or a built-in "
        "efficientnet; it takes the model's own inputs, preprocessing inside",
    )

    @model_validator(mode="after")
    def _can_be_used(self) -> Self:
        self.methods  # noqa: B018
        self.net  # noqa: B018
        return self

    @cached_property
    def methods(self) -> Any:
        """captum's. Raises MissingExtraError."""
        try:
            return import_module("captum.attr")
        except ModuleNotFoundError as error:
            raise MissingExtraError(f"the explainer {self.name}", "peers") from error

    @cached_property
    def net(self) -> _Net:
        """The module in evaluation mode. Raises UsageError, ModelError, MissingExtraError."""
        import torch  # noqa: PLC0415

        if self.module in FAMILY:
            return _Net(self.module, network(self.module))
        found = load_user_model(self.module, DEFAULTS).call
        if not isinstance(found, torch.nn.Module):
            raise UsageError(
                f"expected {self.module} to be or to return a torch.nn.Module, got {type(found).__name__}"
            )
        return _Net(self.module, deepcopy(found).eval())  # the model's own rows must not meet captum's hooks

    def __call__(self, scene: Scene) -> Explainer:
        """Explains one sample, in no rows. Raises DataError if the module is not the model."""
        yield from ()
        self.net.check(scene)
        x = self.net.batch(scene.sample.x).requires_grad_()
        return Attribution(np.asarray(self._map(scene, x), np.float32))

    def _map(self, scene: Scene, x: Any) -> NDArray[Any]:
        raise NotImplementedError


class GradCam(_CaptumPeer):
    """Grad-CAM from captum: feature maps of a layer, weighted by the class's mean gradients, then ReLU.

    White box, 0 rows; the map is upsampled linearly to the input. Source: Selvaraju et al., ICCV 2017.
    """

    name: ClassVar[str] = "captum-grad-cam"
    layer: str | None = setting(
        None, "the layer, by its dotted name in the module", unset="the last convolution"
    )

    @model_validator(mode="after")
    def _has_the_layer(self) -> Self:
        self.convolution  # noqa: B018
        return self

    @cached_property
    def convolution(self) -> Any:
        """The layer. Raises UsageError."""
        import torch  # noqa: PLC0415

        layers = dict(self.net.module.named_modules())
        kinds = torch.nn.Conv1d, torch.nn.Conv2d, torch.nn.Conv3d
        found = [name for name, layer in layers.items() if isinstance(layer, kinds)]
        if self.layer is None and not found:
            raise UsageError(f"{self.module} has no convolution; name a layer with feature maps")
        name = found[-1] if self.layer is None else self.layer
        if name not in layers:
            raise UsageError(f"{self.module} has no layer '{name}'; {did_you_mean(name, found)}")
        return layers[name]

    def _map(self, scene: Scene, x: Any) -> NDArray[Any]:
        cam = self.methods.LayerGradCam(self.net, self.convolution)
        coarse = cam.attribute(x, target=scene.explained, relu_attributions=True)
        if coarse.ndim != 2 + len(scene.sides):
            raise DataError(
                f"{self.name} needs a layer with channels and {len(scene.sides)} axes, "
                f"got maps of {tuple(coarse.shape[2:])}"
            )
        fine = self.methods.LayerAttribution.interpolate(coarse, scene.sides, MODES[len(scene.sides)])
        found: NDArray[Any] = fine[0, 0].detach().cpu().numpy()
        return found


class IntegratedGradients(_CaptumPeer):
    """Integrated Gradients from captum: along the line from the fill to the input, absolute, channels summed.

    White box, 0 rows. Source: Sundararajan et al., ICML 2017.
    """

    name: ClassVar[str] = "captum-integrated-gradients"
    steps: int = setting(50, "points on the line", ge=1)

    def _map(self, scene: Scene, x: Any) -> NDArray[Any]:
        values = self.methods.IntegratedGradients(self.net).attribute(
            x,
            baselines=self.net.batch(scene.fill),
            target=scene.explained,
            n_steps=self.steps,
            internal_batch_size=AT_ONCE,
        )
        spec = scene.sample.spec
        channels = tuple(i for i in range(len(spec.shape)) if i not in spec.spatial)
        return np.asarray(np.abs(values[0].detach().cpu().numpy()).sum(axis=channels))
