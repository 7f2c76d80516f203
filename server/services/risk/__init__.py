"""RiskService: `servicer` has its methods; `limits` changes limits, with a second person where it
takes one; `looser` says what a looser limit is; `utilisation` how much of each is in use; `live`
follows nodes; `switches` are the kill switches.
"""
