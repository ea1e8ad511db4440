"""Run folders: what was asked, what was found, and how to go on."""
