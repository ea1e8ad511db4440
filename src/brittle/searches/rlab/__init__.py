"""rlab, the published RLAB method: sweeps of sensitivity, and a Dueling DQN that says how many cells."""
