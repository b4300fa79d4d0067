// SPDX-License-Identifier: MIT
// Tokens go from libsio to jsonwebtoken and jose, and back, with every
// algorithm and every form of key.
'use strict';

const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const crypto = require('node:crypto');
const path = require('node:path');
const { describe, it } = require('node:test');

const jose = require('jose');
const jsonwebtoken = require('jsonwebtoken');

const tool =
  process.env.SIO_TEST_JWT_TOOL ||
  path.join(__dirname, '../../build/test/jwt/tool');

const NOW = 1700000000;
const ALGS = [
  'HS256', 'HS384', 'HS512', 'RS256', 'RS384', 'RS512',
  'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512',
];
const CLAIMS = {
  iss: 'node',
  aud: ['other', 'libsio'],
  sub: 'ann é \u{1f600}',
  iat: NOW,
  exp: NOW + 60,
  rooms: [{ name: 'a', admin: true }],
};

// What the tool prints: parsed JSON, a token, or "error WORD".
function run(key, ...args) {
  const { stdout, status } = spawnSync(tool, args, { input: key, timeout: 10000 });
  assert.strictEqual(status, 0);
  return stdout.toString().trim();
}
const sign = (key, form, alg, claims, kid = '-') =>
  run(key, 'sign', form, alg, JSON.stringify(claims), kid);
const verify = (key, form, alg, token, now = NOW) =>
  run(key, 'verify', form, alg, token, String(now));

const rsa = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });
const pairs = {
  ES256: crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  ES384: crypto.generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  ES512: crypto.generateKeyPairSync('ec', { namedCurve: 'P-521' }),
};
const secret = crypto.createSecretKey(crypto.randomBytes(64));

// The keys of an algorithm, as Node has them.
function keysOf(alg) {
  if (alg.startsWith('HS')) return { privateKey: secret, publicKey: secret };
  return pairs[alg] || rsa;
}
const jwk = (key, more = {}) =>
  JSON.stringify({ ...key.export({ format: 'jwk' }), ...more });
const pem = (key, type) => key.export({ type, format: 'pem' });

// A key in every form that the tool reads.
function forms(key, alg) {
  const all = [
    ['jwk', '-', jwk(key, { alg })],
    ['jwk', alg, jwk(key)],
    ['jwks', alg, JSON.stringify({ keys: [
      { kty: 'OKP', crv: 'Ed25519', x: 'AA' },
      JSON.parse(jwk(keysOf('ES384').publicKey, { kid: 'other' })),
      JSON.parse(jwk(key, { alg, kid: 'k1', use: 'sig' })),
    ] })],
  ];
  if (key.type === 'secret') return [['secret', alg, key.export()], ...all];
  const types = key.type === 'public' ? ['spki'] : ['pkcs8'];
  if (key.asymmetricKeyType === 'rsa') types.push('pkcs1');
  else if (key.type === 'private') types.push('sec1');
  return [...types.map((type) => [('pem'), alg, pem(key, type)]), ...all];
}

describe('tokens of libsio', () => {
  for (const alg of ALGS) {
    const { privateKey, publicKey } = keysOf(alg);

    it(`${alg}: jsonwebtoken accepts them`, () => {
      for (const [form, which, key] of forms(privateKey, alg)) {
        const token = sign(key, form, which, CLAIMS);
        const claims = jsonwebtoken.verify(
          token, alg.startsWith('HS') ? publicKey.export() : pem(publicKey, 'spki'),
          { algorithms: [alg], clockTimestamp: NOW, audience: 'libsio', issuer: 'node' });
        assert.deepStrictEqual(claims, CLAIMS);
        assert.throws(() => jsonwebtoken.verify(
          token, alg.startsWith('HS') ? publicKey.export() : pem(publicKey, 'spki'),
          { algorithms: [alg], clockTimestamp: NOW + 60 }), /jwt expired/);
      }
    });

    it(`${alg}: jose accepts them`, async () => {
      for (const [form, which, key] of forms(privateKey, alg)) {
        const token = sign(key, form, which, CLAIMS);
        const { payload, protectedHeader } = await jose.jwtVerify(
          token, publicKey,
          { algorithms: [alg], currentDate: new Date(NOW * 1000), typ: 'JWT' });
        assert.deepStrictEqual(payload, CLAIMS);
        assert.strictEqual(protectedHeader.alg, alg);
        assert.strictEqual(protectedHeader.kid, form === 'jwks' ? 'k1' : undefined);
      }
    });
  }

  it('a local JWK Set of jose finds their key', async () => {
    const set = { keys: ['ES256', 'ES384', 'ES512'].map((alg) =>
      JSON.parse(jwk(pairs[alg].privateKey, { alg, kid: `key of ${alg}` }))) };
    for (const { kid, alg } of set.keys) {
      const token = sign(JSON.stringify(set), 'jwks', '-', CLAIMS, kid);
      const { payload } = await jose.jwtVerify(
        token, jose.createLocalJWKSet({ keys: set.keys.map(({ d, ...key }) => key) }),
        { algorithms: [alg], currentDate: new Date(NOW * 1000) });
      assert.deepStrictEqual(payload, CLAIMS);
    }
  });
});

describe('tokens of others', () => {
  for (const alg of ALGS) {
    const { privateKey, publicKey } = keysOf(alg);
    const makers = {
      jsonwebtoken: async (claims) =>
        jsonwebtoken.sign(claims, privateKey, { algorithm: alg, keyid: 'k1' }),
      jose: async (claims) =>
        new jose.SignJWT(claims).setProtectedHeader({ alg, kid: 'k1' }).sign(privateKey),
    };

    for (const [name, make] of Object.entries(makers)) {
      it(`${alg}: those of ${name} are accepted`, async () => {
        const token = await make(CLAIMS);
        for (const [form, which, key] of forms(publicKey, alg))
          assert.deepStrictEqual(JSON.parse(verify(key, form, which, token)), CLAIMS);
      });

      it(`${alg}: those of ${name} are refused for what is wrong`, async () => {
        const [form, which, key] = forms(publicKey, alg)[0];
        const judge = async (claims, now) =>
          verify(key, form, which, await make({ ...CLAIMS, ...claims }), now);
        assert.strictEqual(await judge({}, NOW + 60), 'error expired');
        assert.strictEqual(await judge({ nbf: NOW + 1 }), 'error not_yet_valid');
        assert.strictEqual(await judge({ aud: 'x' }), 'error wrong_audience');
        assert.strictEqual(await judge({ iss: 'x' }), 'error wrong_issuer');
        const token = await make(CLAIMS);
        const [head, body, sig] = token.split('.');
        const other = (await make({ ...CLAIMS, sub: 'bob' })).split('.');
        assert.strictEqual(
          verify(key, form, which, `${head}.${other[1]}.${sig}`), 'error bad_signature');
        assert.strictEqual(
          verify(key, form, which, `${head}.${body}.${other[2]}`), 'error bad_signature');
      });
    }

    it(`${alg}: no other algorithm of the same key is accepted`, async () => {
      const token = await makers.jose(CLAIMS);
      for (const other of ALGS.filter((name) => name !== alg && keysOf(name).publicKey === publicKey)) {
        const [form, , key] = forms(publicKey, other)[0];
        assert.strictEqual(verify(key, form, other, token), 'error algorithm_not_allowed');
      }
    });
  }

  it('unsigned ones of jsonwebtoken and jose are refused', () => {
    const unsigned = [
      jsonwebtoken.sign(CLAIMS, '', { algorithm: 'none' }),
      new jose.UnsecuredJWT(CLAIMS).encode(),
    ];
    for (const token of unsigned)
      for (const alg of ALGS) {
        const [form, which, key] = forms(keysOf(alg).publicKey, alg)[0];
        assert.strictEqual(verify(key, form, which, token), 'error algorithm_not_allowed');
      }
  });

  it('a public key that was taken as a secret is no way in', () => {
    const text = pem(rsa.publicKey, 'spki');
    const body = `${Buffer.from('{"alg":"HS256"}').toString('base64url')}.` +
      Buffer.from(JSON.stringify(CLAIMS)).toString('base64url');
    const mac = crypto.createHmac('sha256', text).update(body).digest('base64url');
    assert.strictEqual(
      verify(text, 'pem', '-', `${body}.${mac}`), 'error algorithm_not_allowed');
    assert.strictEqual(verify(text, 'secret', '-', `${body}.${mac}`), 'error key_is_pem');
  });

  it('encrypted ones are refused', async () => {
    const token = await new jose.EncryptJWT(CLAIMS)
      .setProtectedHeader({ alg: 'dir', enc: 'A256CBC-HS512' }).encrypt(secret);
    assert.strictEqual(verify(secret.export(), 'secret', '-', token), 'error malformed');
  });

  it('an extension that has to be understood is refused', async () => {
    const token = await new jose.CompactSign(Buffer.from(JSON.stringify(CLAIMS)))
      .setProtectedHeader({ alg: 'HS256', crit: ['b64'], b64: true }).sign(secret);
    assert.strictEqual(
      verify(secret.export(), 'secret', '-', token), 'error unknown_critical');
  });
});
