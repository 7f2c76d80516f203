"""Say when a live indicator crosses a level, bar by bar.

    python examples/indicator_alert.py ACME rsi --period 60 --set length=14 --above 70 --below 30
"""

import argparse
import math

import gridworks as gw


def parameter(text):
    """ "length=14" as ("length", 14.0); a word stays a word."""
    name, _, value = text.partition("=")
    try:
        return name, float(value)
    except ValueError:
        return name, value


def crossings(values, above, below):
    """Each value, and what it has crossed since the one before."""
    last = math.nan
    for value in values:
        crossed = ""
        if above is not None and last <= above < value:
            crossed = f"above {above:g}"
        elif below is not None and last >= below > value:
            crossed = f"below {below:g}"
        yield value, crossed
        last = value


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("symbol")
    parser.add_argument("indicator")
    parser.add_argument("--period", type=float, default=60.0, help="seconds")
    parser.add_argument("--set", type=parameter, action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--above", type=float)
    parser.add_argument("--below", type=float)
    parser.add_argument("--bars", type=int, default=0, help="end after so many; 0: never")
    parser.add_argument("--insecure", action="store_true")
    args = parser.parse_args()
    with gw.Client(insecure=args.insecure) as client:
        about = client.indicators.get_indicator(args.indicator)
        print(f"{about.display_name}: {', '.join(about.outputs)}")
        line = {
            "name": args.indicator, "instrument": args.symbol, "period": args.period,
            "parameters": dict(args.set),
        }  # fmt: skip
        with client.indicators.subscribe([line]) as live:
            told = (message for message in live if message.closed)
            values = (message.values[0] for message in told)
            for number, (value, crossed) in enumerate(crossings(values, args.above, args.below), 1):
                print(f"{value:12.4f}  {'!' if crossed else ' '} {crossed}", flush=True)
                if number == args.bars:
                    return


if __name__ == "__main__":
    main()
