"""Django's settings. The store is named by GRIDWORKS_CONTROL_URL; nothing else is configured.

There are no pages, sessions or passwords here, so there is no secret key either.
"""

import os

from portal.address import DEFAULT_URL, VARIABLE, database

INSTALLED_APPS = ["portal.apps.Portal"]
DATABASES = {"default": database(os.environ.get(VARIABLE) or DEFAULT_URL)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
LOGGING_CONFIG = None  # logging belongs to the program, not to a library in it
