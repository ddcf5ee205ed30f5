"""The bank of the lessons: one Flask app, two ways to log in, on one server or several.

`make_bank(auth)` is the bank; `SessionAuth` and `TokenAuth` are the two ways; `Reset` mails a link
to who forgot the password, and `Factor` asks for a code besides it. Unlike `jose`, this is written
as one would ship it, over Flask and PyJWT.
"""

from authlab.bank.accounts import PASSWORDS, Accounts, BankError
from authlab.bank.app import BANK, load_balancer, make_bank
from authlab.bank.auth import Auth
from authlab.bank.customer import Customer
from authlab.bank.factor import Factor
from authlab.bank.limit import Limit
from authlab.bank.mailbox import Mail, Mailbox
from authlab.bank.reset import Reset
from authlab.bank.session_auth import SessionAuth
from authlab.bank.token_auth import TokenAuth

__all__ = [
    "BANK",
    "PASSWORDS",
    "Accounts",
    "Auth",
    "BankError",
    "Customer",
    "Factor",
    "Limit",
    "Mail",
    "Mailbox",
    "Reset",
    "SessionAuth",
    "TokenAuth",
    "load_balancer",
    "make_bank",
]
