"""What the server remembers of people: who did what and why, limits that wait for a second person.

Lives here: `notes`, text that rides in the command log beside the commands that it is about, and
what is learnt from them: `acts` (the audit log), `changes` (the history of limits), and `register`,
which keeps both with the kill switches, the calendars and the names for people.

All of it is a function of the command log, as everything in `server.sequencer`: durable before it
is acknowledged, in one piece with the commands, tamper-evident, and there again after a restart.

Does not live here: who may do what (`server.auth`), what a limit means (`risk`).

Who may import it: server, the command line, tests.
"""
