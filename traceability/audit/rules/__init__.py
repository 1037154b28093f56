"""The rules of the audit, one module a gap code; `settings.AUDIT_RULES` lists them."""
