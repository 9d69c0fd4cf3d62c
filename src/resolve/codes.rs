//! Codes of this stage, GG050-GG099; each has an explain page beside it.

use crate::report::Code;

macro_rules! codes {
    ($($constant:ident = $id:literal $name:literal;)*) => {
        $(#[doc = concat!("`", $name, "`")] pub const $constant: Code = Code { id: $id, name: $name, page: include_str!(concat!("pages/", $id, ".md")) };)*
        /// Every code of this stage.
        pub const ALL: &[Code] = &[$($constant),*];
    };
}

codes! {
    VERSION = "GG050" "resolve/version";
    NAME = "GG051" "resolve/name";
    ROUTE_KEY = "GG052" "resolve/route-key";
    PATTERN = "GG053" "resolve/pattern";
    REWRITE = "GG054" "resolve/rewrite";
    URL = "GG055" "resolve/url";
    CIDR = "GG056" "resolve/cidr";
    ORIGIN = "GG057" "resolve/origin";
    CORS_CREDENTIALS = "GG058" "resolve/cors-credentials";
    HEADER = "GG059" "resolve/header";
    UNKNOWN_SERVICE = "GG060" "resolve/unknown-service";
    UNKNOWN_SCHEME = "GG061" "resolve/unknown-scheme";
    UNKNOWN_PLAN = "GG062" "resolve/unknown-plan";
    UNUSED = "GG063" "resolve/unused";
    AMBIGUOUS = "GG064" "resolve/ambiguous-routes";
    ACTION = "GG065" "resolve/action";
    MEANINGLESS = "GG066" "resolve/meaningless-key";
    NO_IDENTITY = "GG067" "resolve/no-identity";
    SCOPES = "GG068" "resolve/scopes-without-token";
    GROUPS = "GG069" "resolve/groups-without-consumer";
    CLAIM = "GG070" "resolve/claim-without-token";
    GATHER_METHOD = "GG071" "resolve/gather-method";
    GATHER_FROM = "GG072" "resolve/gather-from";
    GATHER_KEEP = "GG073" "resolve/gather-keep";
    RETRIES = "GG074" "resolve/retries";
    TLS = "GG075" "resolve/tls";
    PORT = "GG076" "resolve/port";
    RANGE = "GG077" "resolve/out-of-range";
    TARGETS = "GG078" "resolve/targets";
    PATH = "GG079" "resolve/path";
    ALGORITHM = "GG080" "resolve/algorithm";
    FILE = "GG081" "resolve/file";
    KEY_FILE = "GG082" "resolve/key-file";
    STATUS = "GG083" "resolve/status";
    LOCATION = "GG084" "resolve/location";
    DUPLICATE_CREDENTIAL = "GG085" "resolve/duplicate-credential";
    CREDENTIAL = "GG086" "resolve/credential";
    VIA = "GG087" "resolve/via";
    HEALTH_ROUTE = "GG088" "resolve/health-route";
    HOST = "GG089" "resolve/host";
    EMPTY = "GG090" "resolve/empty-list";
    ARN = "GG091" "resolve/arn";
    SECRET = "GG092" "resolve/secret";
    LIMIT_KEY = "GG093" "resolve/limit-key";
    AUTH_CLASH = "GG094" "resolve/auth-clash";
    API_KEY_PLACE = "GG095" "resolve/api-key-place";
}
