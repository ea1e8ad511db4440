"""The survey: cheap soundings, candidate maps, and the choice among them by their own measured curves."""
