"""How acquisition functions are learned by reinforcement: a correction of log EI, or Soft Actor-Critic."""
