"""The page where people watch audits: it reads run folders, and streams what changes in them."""
