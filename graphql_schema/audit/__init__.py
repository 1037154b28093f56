"""The audit API: read-only, for the alliance; graphene-django with django-filter."""
