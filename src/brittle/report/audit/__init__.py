"""The report of one run: report.html and what is drawn and counted for it."""
