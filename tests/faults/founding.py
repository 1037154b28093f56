"""`python -m tests.faults.founding`: migrate and found the database at DATABASE_URL; tells as JSON who is in it."""

import json
import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "traceability.settings")
    import django

    django.setup()

    from django.core.management import call_command

    from tests.worlds import World

    call_command("migrate", verbosity=0)
    world = World()
    told = {"maker": world.maker, "recycler": world.recycler}
    sys.stdout.write(json.dumps({name: {"code": party.code, "token": party.token} for name, party in told.items()}))
