"""How the agent of the search rlab learns: a Dueling DQN, its replay, and games that it explores."""
