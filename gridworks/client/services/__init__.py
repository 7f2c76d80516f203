"""One class for each service of the server, with a method for each of its calls.

A method is a plan under a decorator: `call` answers once, `pager` lists, `stream` goes on giving.
Answers are the messages of the wire (gridworks.api), whose fields the .proto files explain; prices
and quantities in them are decimal text.

Who may import it: gridworks.client.
"""
