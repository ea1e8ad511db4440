"""What a run at work tells, as streams for those who look at it."""
