//! Calendar windows in UTC: when the day, week or month around a moment begins and ends.

use jiff::{ToSpan, ZonedDateTime, tz::TimeZone};

use super::request::Timestamp;
use crate::ir::units::Window;

/// Seconds since 1970-01-01 UTC at which the window around `now` begins and ends.
#[must_use]
pub fn bounds(window: Window, now: Timestamp) -> (u64, u64) {
    let seconds = now.seconds();
    match window {
        Window::Day => {
            let start = seconds - seconds % 86_400;
            (start, start + 86_400)
        }
        Window::Week => {
            // 1970-01-01 was a Thursday: its week began three days before, which a shift of three days makes day 0.
            let days = seconds / 86_400 + 3;
            let start = (days - days % 7) * 86_400;
            (start.saturating_sub(3 * 86_400), start + 4 * 86_400)
        }
        Window::Month => month(seconds).unwrap_or((0, u64::MAX)),
    }
}

fn month(seconds: u64) -> Option<(u64, u64)> {
    let now = jiff::Timestamp::from_second(i64::try_from(seconds).ok()?).ok()?;
    let first = now.to_zoned_datetime(TimeZone::UTC).first_of_month().ok()?;
    let first = first.start_of_day().ok()?;
    let next = first.checked_add(1.month()).ok()?;
    let second = |at: &ZonedDateTime| u64::try_from(at.timestamp().as_second()).ok();
    Some((second(&first)?, second(&next)?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn at(text: &str) -> u64 {
        u64::try_from(text.parse::<jiff::Timestamp>().unwrap().as_second()).unwrap()
    }

    fn window(window: Window, now: &str) -> (u64, u64) {
        bounds(window, Timestamp::from_seconds(at(now)))
    }

    #[test]
    fn a_day_begins_at_midnight_utc() {
        assert_eq!(
            window(Window::Day, "2026-11-23T20:00:00Z"),
            (at("2026-11-23T00:00:00Z"), at("2026-11-24T00:00:00Z"))
        );
    }

    #[test]
    fn a_week_begins_on_monday() {
        for now in [
            "2026-11-23T00:00:00Z",
            "2026-11-26T12:00:00Z",
            "2026-11-29T23:59:59Z",
        ] {
            assert_eq!(
                window(Window::Week, now),
                (at("2026-11-23T00:00:00Z"), at("2026-11-30T00:00:00Z")),
                "{now}"
            );
        }
    }

    #[test]
    fn a_month_begins_on_the_first_whatever_its_length() {
        assert_eq!(
            window(Window::Month, "2028-02-29T23:59:59Z"),
            (at("2028-02-01T00:00:00Z"), at("2028-03-01T00:00:00Z"))
        );
        assert_eq!(
            window(Window::Month, "2026-12-31T23:59:59Z"),
            (at("2026-12-01T00:00:00Z"), at("2027-01-01T00:00:00Z"))
        );
    }
}
