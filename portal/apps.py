"""Django's handle on this package."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class Portal(AppConfig):
    """Puts the triggers back after every migration: rebuilding a table drops its triggers."""

    name = "portal"
    label = "portal"

    def ready(self) -> None:
        """Called once by Django, when the models are known."""
        from portal.triggers import install

        post_migrate.connect(install, sender=self, dispatch_uid="portal.triggers")
