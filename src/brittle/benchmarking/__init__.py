"""How hard sets are made: levels, shared patterns and how they are chosen, ways to seek a change."""
