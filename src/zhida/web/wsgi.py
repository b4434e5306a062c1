"""What a web server calls. Each of its processes holds the database, so that it lives as long as they do."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from zhida.office.database.hold import hold

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zhida.web.settings")
held = hold()
application = get_wsgi_application()
