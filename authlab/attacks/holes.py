"""The holes of a naive verifier: the line people write, and the line that mends it."""

from typing import NamedTuple

__all__ = ["HOLES", "Hole"]


class Hole(NamedTuple):
    """One switch of `NaiveVerifier`.

    `title` says what the verifier does, `line` is how people write that, `mend` what to write
    instead, `refs` the standard's sections that ask for the mend.
    """

    title: str
    line: str
    mend: str
    refs: tuple[str, ...]


HOLES: dict[str, Hole] = {
    "unchecked": Hole("Reads the claims, checks no signature",
        "claims = json.loads(b64decode(token.split('.')[1]))",
        "check the signature before anything is read",
        ("RFC 7515, 5.2", "ASVS 9.1.1")),
    "stripped": Hole("Checks the signature if there is one",
        "if signature and not check(key, data, signature): raise",
        "no signature is a wrong signature",
        ("RFC 7515, 5.2", "ASVS 9.1.1")),
    "none": Hole("Takes the algorithm none",
        "if header['alg'] == 'none': return claims",
        "an allow-list of algorithms, without none",
        ("RFC 8725, 3.2", "ASVS 9.1.2")),
    "none_case": Hole("Refuses none by its spelling",
        "if alg == 'none': raise  # and later: if alg.lower() == 'none': return claims",
        "an allow-list: what is not on it is refused, however it is spelled",
        ("RFC 8725, 3.1", "ASVS 9.1.2")),
    "header_alg": Hole("Lets the token choose the algorithm for a key",
        "check(header['alg'], key, data, signature)",
        "each key has its one algorithm; the header must name that one",
        ("RFC 8725, 3.1", "ASVS 9.1.2")),
    "weak_secret": Hole("Has a secret that is in a word list",
        "SECRET = 'summer2026'",
        "SECRET = secrets.token_bytes(32)",
        ("RFC 7518, 3.2", "RFC 8725, 3.5")),
    "blank_secret": Hole("Goes on with an empty secret",
        "SECRET = os.environ.get('BATCH_SECRET', '')",
        "SECRET = os.environ['BATCH_SECRET'], and refuse fewer than 32 bytes",
        ("RFC 7518, 3.2", "RFC 8725, 3.5")),
    "kid_path": Hole("Opens the file that kid names",
        "secret = open(f'keys/{kid}', 'rb').read()",
        "compare kid with the names you know; build no path from it",
        ("RFC 8725, 3.10", "ASVS 5.3.2")),
    "kid_sql": Hole("Pastes kid into SQL",
        "db.execute(f\"SELECT secret FROM keys WHERE kid = '{kid}'\")",
        "db.execute('SELECT secret FROM keys WHERE kid = ?', [kid])",
        ("RFC 8725, 3.10", "ASVS 1.2.4")),
    "jku": Hole("Fetches the keys from the address in jku",
        "keys = requests.get(header['jku']).json()",
        "take keys from your own configuration; ignore jku",
        ("RFC 8725, 3.10", "ASVS 9.1.3")),
    "x5u": Hole("Fetches the certificate from the address in x5u",
        "key = load_certificate(requests.get(header['x5u']).content).public_key()",
        "take keys from your own configuration; ignore x5u",
        ("RFC 8725, 3.10", "ASVS 9.1.3")),
    "jwk": Hole("Takes the key that lies in the token",
        "key = load_key(header['jwk'])",
        "take keys from your own configuration; ignore jwk and x5c",
        ("RFC 7515, 4.1.3", "ASVS 9.1.3")),
    "psychic": Hole("Checks ES256 by hand, without a range for r and s",
        "r, s = int.from_bytes(sig[:32]), int.from_bytes(sig[32:])",
        "refuse r and s unless 0 < r < n and 0 < s < n",
        ("RFC 7515, 5.2", "RFC 8725, 3.4")),
    "text_denylist": Hole("Lists ended tokens by their text",
        "if sha256(token) in ended: raise",
        "if (claims['iss'], claims['jti']) in ended: raise",
        ("RFC 7519, 4.1.7", "ASVS 7.4.1")),
    "crit": Hole("Overlooks crit",
        "# header members that are not known are ignored",
        "refuse a crit that names anything you do not act on",
        ("RFC 7515, 4.1.11",)),
    "duplicates": Hole("Takes the last of two members of one name",
        "claims = json.loads(payload)",
        "json.loads(payload, object_pairs_hook=refuse_duplicates)",
        ("RFC 7519, 4", "RFC 8259, 4")),
    "exp": Hole("Does not look at exp",
        "claims = decode(token, key, options={'verify_exp': False})",
        "refuse once now >= exp",
        ("RFC 7519, 4.1.4", "ASVS 9.2.1")),
    "nbf": Hole("Does not look at nbf",
        "claims = decode(token, key, options={'verify_nbf': False})",
        "refuse while now < nbf",
        ("RFC 7519, 4.1.5", "ASVS 9.2.1")),
    "aud": Hole("Does not look at aud",
        "claims = decode(token, key, options={'verify_aud': False})",
        "refuse unless aud, or one in its list, is this very service",
        ("RFC 8725, 3.9", "ASVS 9.2.3")),
    "iss": Hole("Does not look at iss",
        "claims = decode(token, key)  # the key is right, so the issuer is",
        "refuse unless iss is the issuer this key belongs to",
        ("RFC 8725, 3.8", "ASVS 9.1.3")),
    "typ": Hole("Does not look at typ",
        "claims = decode(token, key)  # a token is a token",
        "refuse unless typ is at+jwt",
        ("RFC 8725, 3.11", "ASVS 9.2.2")),
    "missing": Hole("Checks a claim only if it is there",
        "if 'exp' in claims and now >= claims['exp']: raise",
        "refuse a token without iss, sub, aud, exp, iat or jti",
        ("RFC 9068, 2.2",)),
    "sql_sub": Hole("Pastes sub into SQL: it is signed, after all",
        "db.execute(f\"SELECT name FROM customers WHERE name = '{sub}'\")",
        "db.execute('SELECT name FROM customers WHERE name = ?', [sub])",
        ("RFC 8725, 3.10", "ASVS 1.2.4")),
}  # fmt: skip
