"""Harden a classifier: split, attack, train, attack again, and say what it brought."""
