"""What a hardening brought: harden.html and its numbers."""
