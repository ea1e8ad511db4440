"""Play the samples of a run: one session, in this process or several, that a later one continues."""
