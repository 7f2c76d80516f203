"""The catalogue: one folder a family of indicators, one file an indicator or a tight family.

Each file registers its rows (`indicators.registry`): names, inputs, parameters, outputs, warm-up,
seeding, source, and the kernel that updates it. Nothing here is compiled on import. Imported by
the registry only; users reach the rows through `indicators`.
"""
