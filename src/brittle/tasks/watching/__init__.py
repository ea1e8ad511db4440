"""What people see of an audit while it plays."""
