"""The document of an audit for those who must judge a system by evidence: HTML that prints."""
