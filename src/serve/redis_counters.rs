//! Counters in Redis: one script a request, atomic over all of its buckets, with the clock passed in.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Script};

use crate::engine::{Allowance, Shortage, Take, Timestamp, window};
use crate::ir::CounterFailure;

const ANSWER_WITHIN: Duration = Duration::from_millis(250);
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(1);

// Each take has four arguments: kind, then for a bucket count, period in microseconds, burst; for a window count, seconds to its end, 0.
// A bucket holds what is missing from full in units of token/period, as whole numbers: exact in Lua's doubles up to 2^53, that is
// for burst * period below 9e15 (a burst of 2.5 million an hour).
const TAKE: &str = r"
local now = tonumber(ARGV[1])
local short, wait = 0, 0
local state = {}
for i, key in ipairs(KEYS) do
  local at = 2 + (i - 1) * 4
  local kind = ARGV[at]
  local count, period, burst = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  local seconds = 0
  if kind == 'b' then
    local held = redis.call('HMGET', key, 'm', 't')
    local missing, seen = tonumber(held[1] or '0'), tonumber(held[2] or ARGV[1])
    if now > seen then
      missing = math.max(0, missing - (now - seen) * count)
      seen = now
    end
    local over = missing + period - burst * period
    if over > 0 then seconds = math.ceil(math.ceil(over / count) / 1000000) end
    state[i] = { missing + period, seen, math.ceil((missing + period) / count / 1000) + 1000 }
  else
    if tonumber(redis.call('GET', key) or '0') >= count then seconds = math.max(1, period) end
  end
  if seconds > 0 then
    if short == 0 then short = i end
    wait = math.max(wait, seconds)
  end
end
if short > 0 then return { short, wait } end
for i, key in ipairs(KEYS) do
  local at = 2 + (i - 1) * 4
  if ARGV[at] == 'b' then
    redis.call('HSET', key, 'm', string.format('%.0f', state[i][1]), 't', string.format('%.0f', state[i][2]))
    redis.call('PEXPIRE', key, string.format('%.0f', state[i][3]))
  else
    redis.call('INCR', key)
    redis.call('EXPIRE', key, ARGV[at + 2] + 60)
  end
end
return { 0, 0 }
";

/// A Redis that counts.
pub struct RedisCounters {
    client: Client,
    script: Script,
    prefix: String,
    /// What happens when it does not answer.
    pub on_failure: CounterFailure,
    // While it is down, requests do not wait for it one by one.
    down_since: Mutex<Option<Instant>>,
}

thread_local! {
    // One connection a worker: a connection belongs to the runtime that it was made on.
    static CONNECTIONS: RefCell<HashMap<String, MultiplexedConnection>> = RefCell::default();
}

impl RedisCounters {
    /// Prepares asking the Redis at `url`; keys begin with the gateway's name.
    ///
    /// # Errors
    /// A URL that is none of Redis.
    pub fn new(url: &url::Url, on_failure: CounterFailure, name: &str) -> Result<Self, String> {
        let client = Client::open(url.as_str())
            .map_err(|_| "the URL of the counters is not one of Redis")?;
        Ok(Self {
            client,
            script: Script::new(TAKE),
            prefix: format!("gateway-gen:{name}:"),
            on_failure,
            down_since: Mutex::new(None),
        })
    }

    /// Takes one from each, or nothing from any.
    ///
    /// # Errors
    /// Outside: Redis does not answer. Inside: nothing is left.
    pub async fn take(&self, takes: &[Take], now: Timestamp) -> Result<Result<(), Shortage>, ()> {
        let down = *self
            .down_since
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if down.is_some_and(|since| since.elapsed() < ASK_AGAIN_AFTER) {
            return Err(());
        }
        let asked = tokio::time::timeout(ANSWER_WITHIN, self.ask(takes, now)).await;
        let answer = asked.map_err(drop).and_then(|answer| answer);
        let mut down = self
            .down_since
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match &answer {
            Ok(_) => *down = None,
            Err(()) => {
                *down = Some(Instant::now());
                CONNECTIONS.with_borrow_mut(|all| all.remove(&self.prefix));
            }
        }
        answer
    }

    async fn ask(&self, takes: &[Take], now: Timestamp) -> Result<Result<(), Shortage>, ()> {
        let mut connection = self.connection().await?;
        let mut call = self.script.prepare_invoke();
        call.arg(now.0 / 1000);
        for take in takes {
            match take.allowance {
                Allowance::Bucket { rate, burst } => {
                    call.key(format!("{}{}", self.prefix, take.key));
                    call.arg("b")
                        .arg(rate.count)
                        .arg(rate.per.seconds() * 1_000_000)
                        .arg(burst);
                }
                Allowance::Window(quota) => {
                    let (start, end) = window::bounds(quota.window, now);
                    call.key(format!("{}{}|{start}", self.prefix, take.key));
                    call.arg("w")
                        .arg(quota.count)
                        .arg(end.saturating_sub(now.seconds()))
                        .arg(0);
                }
            }
        }
        let (short, wait): (usize, u64) = call.invoke_async(&mut connection).await.map_err(drop)?;
        Ok(match short.checked_sub(1) {
            None => Ok(()),
            Some(index) => Err(Shortage {
                index,
                retry_after: wait,
            }),
        })
    }

    async fn connection(&self) -> Result<MultiplexedConnection, ()> {
        if let Some(held) = CONNECTIONS.with_borrow(|all| all.get(&self.prefix).cloned()) {
            return Ok(held);
        }
        let config = AsyncConnectionConfig::new();
        let made = self
            .client
            .get_multiplexed_async_connection_with_config(&config)
            .await
            .map_err(drop)?;
        CONNECTIONS.with_borrow_mut(|all| all.insert(self.prefix.clone(), made.clone()));
        Ok(made)
    }
}
