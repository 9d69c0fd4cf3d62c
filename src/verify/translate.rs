//! REQUEST OF A RIG -> REQUEST FOR A REAL GATEWAY: real credentials for a rig's, and orders that `gateway-gen mock` understands.

use base64::Engine as _;

use super::generate::faults::{TROUBLE, Trouble};
use super::identity::{AUTHORIZER, bearer, plain};
use super::keys::{TRUSTED, sign_with};
use super::probe::Request;
use super::rig::secret_value;
use crate::ir::{Algorithm, Gateway, Keys, SchemeKind, Secret};
use crate::serve::development;

/// Headers that start so are orders to a mock.
pub const ORDER: &str = "x-mock-";

/// What it takes to speak to a gateway that runs already.
pub struct Translator {
    /// The key of `gateway-gen token`, where the gateway accepts its tokens.
    pub development: Option<Vec<u8>>,
    shared: Vec<(Algorithm, String)>,
    accepted: Vec<Algorithm>,
    unknown: Vec<String>,
}

impl Translator {
    /// For a gateway as specified, with the secrets that are known.
    #[must_use]
    pub fn new(gateway: &Gateway, development: Option<Vec<u8>>) -> Self {
        let mut found = Self {
            development,
            shared: Vec::new(),
            accepted: Vec::new(),
            unknown: Vec::new(),
        };
        for scheme in gateway.schemes.values() {
            let SchemeKind::Jwt(jwt) = &scheme.kind else {
                continue;
            };
            found.accepted.extend(&jwt.algorithms);
            if let Keys::Secret(secret @ Secret::Known { text, .. }) = &jwt.keys
                && !made_up(secret)
            {
                let keys = jwt.algorithms.iter();
                found
                    .shared
                    .extend(keys.map(|algorithm| (*algorithm, text.clone())));
            }
        }
        for consumer in gateway.consumers.values() {
            let keys = consumer.api_keys.iter().filter(|key| made_up(key));
            found.unknown.extend(keys.map(plain));
            if let Some((user, password)) = &consumer.basic
                && made_up(password)
            {
                let text = format!("{user}:{}", plain(password));
                let text = base64::engine::general_purpose::STANDARD.encode(text);
                found.unknown.push(text);
            }
        }
        found
    }

    /// The request as it is sent.
    ///
    /// # Errors
    /// What can't be said to this gateway, in words.
    pub fn translate(&self, request: &Request) -> Result<Request, &'static str> {
        let mut sent = request.clone();
        for (name, value) in &request.headers {
            if name == AUTHORIZER {
                return Err("an authorizer is told what to answer out of band");
            }
            if name == TROUBLE {
                let order = value
                    .split_once('=')
                    .and_then(|(_, text)| Trouble::parse(text));
                sent = order_of(sent.without(TROUBLE), order)?;
            }
            if self
                .unknown
                .iter()
                .any(|text| !text.is_empty() && value.contains(text))
            {
                return Err("its secret is not known: give it with --secrets-file");
            }
            let token = name
                .eq_ignore_ascii_case("authorization")
                .then(|| value.strip_prefix("Bearer "))
                .flatten();
            if let Some((algorithm, claims)) = token.and_then(|token| TRUSTED.opened(token)) {
                sent = bearer(sent, &self.token(algorithm, &claims)?);
            }
        }
        if self
            .unknown
            .iter()
            .any(|text| !text.is_empty() && sent.target.contains(text))
        {
            return Err("its secret is not known: give it with --secrets-file");
        }
        Ok(sent)
    }

    fn token(
        &self,
        algorithm: Algorithm,
        claims: &serde_json::Value,
    ) -> Result<String, &'static str> {
        let shared = self.shared.iter().find(|(known, _)| *known == algorithm);
        if let Some((_, secret)) = shared {
            return Ok(sign_with(algorithm, claims, secret.as_bytes()));
        }
        if !self.accepted.contains(&algorithm) {
            return Err("a development token has one algorithm only");
        }
        let claims = claims.as_object().ok_or("its claims are no object")?;
        match &self.development {
            Some(key) => Ok(development::token(key, claims)),
            None => Err("the gateway accepts no token that can be made here"),
        }
    }
}

/// Whether nobody knows the secret: its text is the one that a rig would give it.
fn made_up(secret: &Secret) -> bool {
    match secret {
        Secret::Reference(_) => true,
        Secret::Known {
            name: Some(name),
            text,
        } => *text == secret_value(name),
        Secret::Known { name: None, .. } => false,
    }
}

/// What a mock is told by the client itself.
fn order_of(request: Request, trouble: Option<Trouble>) -> Result<Request, &'static str> {
    Ok(match trouble {
        None => request,
        Some(Trouble::Status(status)) => request.header("X-Mock-Status", status.to_string()),
        Some(Trouble::Slow(millis)) => request.header("X-Mock-Delay", millis.to_string()),
        Some(Trouble::Reset) => request.header("X-Mock-Reset", "before"),
        Some(Trouble::NotJson) => request.header("X-Mock-Body", "<p>not JSON"),
        Some(Trouble::NotHttp) => return Err("a mock always speaks HTTP"),
    })
}
