"""The vocabulary of brittle: numpy only, imports nothing of ours."""
