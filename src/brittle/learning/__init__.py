"""How agents and tiles learn: reinforcement and ascent in torch, none of which an audit needs."""
