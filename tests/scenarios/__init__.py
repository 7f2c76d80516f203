"""Stories that a trader can read, and the exchange's answer to every line of them.

Lives here: the stories (one folder a topic), their small language (`language`), what an answer
looks like (`answers`) and the test that plays them. docs/scenarios.md explains the language.
Nothing else imports it.
"""
