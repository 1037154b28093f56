"""Commands on what companies are allowed to do."""
