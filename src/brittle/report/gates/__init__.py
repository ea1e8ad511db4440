"""What a pipeline decides on: figures against limits, a run against an earlier one."""
