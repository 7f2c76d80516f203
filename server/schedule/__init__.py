"""The schedule of trading: which phase a calendar's instruments are in at which time.

Lives here: `holidays` (public calendars, from the exchange_calendars package), `plan` (the phase
changes of a day) and `keeper` (the task that gives them to the sequencer as commands).

Calendars are kept by notes in the command log (`server.records`), and so is how far each instrument
has followed its calendar: after a restart the schedule goes on where it was.

Does not live here: what a phase is (`engine`), the clock (`server.sequencer`).

Who may import it: server, tests.
"""
