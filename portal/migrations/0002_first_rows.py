"""The epoch row and the three plans. Their numbers can be changed: `gridworks plan change`."""

from django.db import migrations

# code, title, key rate and burst, partner rate and burst, monthly quota, sessions, keys
PLANS = [
    ("growth", "Growth", 50, 100, 100, 200, 5_000_000, 10, 10),
    ("enterprise", "Enterprise", 5_000, 10_000, 20_000, 40_000, 5_000_000_000, 200, 100),
    ("quantum", "Quantum", 0, 0, 0, 0, 0, 0, 0),
]
COLUMNS = (
    "code", "title", "key_rate", "key_burst", "partner_rate", "partner_burst", "monthly_quota",
    "max_sessions", "max_keys",
)  # fmt: skip


def insert(apps, schema_editor):
    apps.get_model("portal", "Epoch").objects.create(pk=1, value=1)
    plan = apps.get_model("portal", "Plan")
    for row in PLANS:
        plan.objects.create(**dict(zip(COLUMNS, row, strict=True)))


class Migration(migrations.Migration):
    dependencies = [("portal", "0001_initial")]
    operations = [migrations.RunPython(insert, migrations.RunPython.noop)]
