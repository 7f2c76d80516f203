"""Which volatility has an option that nobody quotes? Smiles by SVI or SABR, and the surface.

Lives here: forwards and volatilities out of a chain of quotes (`chain`), the smile of one expiry
(`svi`, `sabr`), whether smiles admit arbitrage (`arbitrage`), and the surface through the expiries,
interpolated in total variance (`expiries`). `fit` goes all the way.

>>> from risk.options import surface
>>> smile = surface.SVI(a=0.04, b=0.4, rho=-0.4, m=0.05, sigma=0.1)
>>> round(float(smile.total_variance(0.0)), 6)
0.092721

Does not live here: prices (`risk.options.pricing`). Who may import it: risk, backtest, gridworks,
benches, tests. It imports only domain and risk.options.
"""

from risk.options.surface.arbitrage import Violation, durrleman
from risk.options.surface.chain import Expiry, expiries
from risk.options.surface.expiries import Surface, fit, through
from risk.options.surface.sabr import SABR, fit_sabr, sabr_volatility
from risk.options.surface.svi import SVI, fit_svi

__all__ = [
    "SABR",
    "SVI",
    "Expiry",
    "Surface",
    "Violation",
    "durrleman",
    "expiries",
    "fit",
    "fit_sabr",
    "fit_svi",
    "sabr_volatility",
    "through",
]
