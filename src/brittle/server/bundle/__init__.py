"""The pages as files, without a server."""
