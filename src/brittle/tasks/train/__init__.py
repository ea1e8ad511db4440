"""Train what searches use: agents, the agent of rlab, tiles."""
