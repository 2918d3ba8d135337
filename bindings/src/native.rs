//! The hot lane as `external fun`s of the Kotlin object `dev.nowait.internal.Native`: the same functions, under the
//! names that the JVM looks for. UniFFI over JNA would cost a hundred times as much.
//!
//! **Why unsafe.** A name that the JVM looks for must be exported as it is, and the text of a name can only be read by
//! the functions of the environment that the JVM hands in. Every other function takes numbers alone.
//!
//! Owns: names and number types, and reading a text. Refuses: everything else, see [`hot`].
//! Invariant: each entry is one call of the function of the same name in `hot` or `cold`, which catches panics, and none
//! makes the JVM throw.
#![allow(non_snake_case, reason = "JNI builds names of package, class and method")]

use crate::guard::guard;
use crate::{cold, hot};
use jni_sys::{JNIEnv, jboolean, jclass, jint, jlong, jsize, jstring};
use nowait_core::limits::NAME_BYTES_MAX;
use nowait_core::{Consent, NameId, Recorded};

macro_rules! native {
    ($($export:ident => $hot:ident($($arg:ident: $type:ty),*) $(-> $ret:ty)?;)+) => {$(
        #[unsafe(no_mangle)]
        #[doc(hidden)]
        pub(crate) extern "system" fn $export(_: *mut JNIEnv, _: jclass, $($arg: $type),*) $(-> $ret)? {
            // Kotlin has no unsigned numbers at a JNI boundary: the same bits, read as unsigned.
            hot::$hot($($arg as _),*) $(as $ret)?
        }
    )+};
}

native! {
    Java_dev_nowait_internal_Native_nowNs => now_ns() -> jlong;
    Java_dev_nowait_internal_Native_nextId => next_id() -> jlong;
    Java_dev_nowait_internal_Native_breadcrumb => breadcrumb(name: jint, atNs: jlong, number: jlong);
    Java_dev_nowait_internal_Native_processStarted => process_started(atNs: jlong, visible: jboolean);
    Java_dev_nowait_internal_Native_mainIdle => main_idle(atNs: jlong);
    Java_dev_nowait_internal_Native_foreground => foreground(atNs: jlong, restored: jboolean);
    Java_dev_nowait_internal_Native_background => background(atNs: jlong);
    Java_dev_nowait_internal_Native_touchUp => touch_up(target: jint, atNs: jlong);
    Java_dev_nowait_internal_Native_touchHandled => touch_handled(atNs: jlong);
    Java_dev_nowait_internal_Native_frame => frame(startedNs: jlong, deadlineNs: jlong, atNs: jlong);
    Java_dev_nowait_internal_Native_navigation => navigation(atNs: jlong);
    Java_dev_nowait_internal_Native_screenCreated => screen_created(id: jlong, screen: jint, atNs: jlong);
    Java_dev_nowait_internal_Native_screenShown => screen_shown(id: jlong, screen: jint, atNs: jlong);
    Java_dev_nowait_internal_Native_screenReady => screen_ready(id: jlong, screen: jint, atNs: jlong);
    Java_dev_nowait_internal_Native_screenLeft => screen_left(id: jlong, atNs: jlong);
    Java_dev_nowait_internal_Native_requestStarted => request_started(id: jlong, route: jint, atNs: jlong);
    Java_dev_nowait_internal_Native_requestEnded => request_ended(id: jlong, atNs: jlong, status: jint, outcome: jint);
    Java_dev_nowait_internal_Native_actionBegin => action_begin(id: jlong, action: jint, atNs: jlong);
    Java_dev_nowait_internal_Native_actionEnd => action_end(id: jlong, atNs: jlong, outcome: jint);
    Java_dev_nowait_internal_Native_actionRecord => action_record(name: jint, startedNs: jlong, endedNs: jlong, outcome: jint);
    Java_dev_nowait_internal_Native_mainPing => main_ping(atNs: jlong);
    Java_dev_nowait_internal_Native_mainPong => main_pong(atNs: jlong);
    Java_dev_nowait_internal_Native_journeyStarted => journey_started(id: jlong, journey: jint, atNs: jlong);
    Java_dev_nowait_internal_Native_stepStarted => step_started(id: jlong, step: jint, atNs: jlong);
    Java_dev_nowait_internal_Native_journeyEnded => journey_ended(id: jlong, atNs: jlong, outcome: jint);
    Java_dev_nowait_internal_Native_rated => rated(id: jlong, name: jint, atNs: jlong, rating: jint);
    Java_dev_nowait_internal_Native_crashed => crashed(name: jint, atNs: jlong);
    Java_dev_nowait_internal_Native_handedOver => handed_over(id: jlong, atNs: jlong, continuation: jlong);
}

/// See [`hot::register_name`].
#[unsafe(no_mangle)]
#[doc(hidden)]
pub(crate) extern "system" fn Java_dev_nowait_internal_Native_registerName(
    env: *mut JNIEnv,
    _: jclass,
    text: jstring,
) -> jint {
    register(env, text, hot::register_name)
}

/// See [`hot::register_target`].
#[unsafe(no_mangle)]
#[doc(hidden)]
pub(crate) extern "system" fn Java_dev_nowait_internal_Native_registerTarget(
    env: *mut JNIEnv,
    _: jclass,
    text: jstring,
) -> jint {
    register(env, text, hot::register_target)
}

/// No text is no name.
fn register(env: *mut JNIEnv, text: jstring, register: fn(&str) -> u32) -> jint {
    if env.is_null() || text.is_null() {
        return NameId::NONE.0 as jint;
    }
    guard(NameId::OTHER.0 as jint, || register(&read(env, text)) as jint)
}

/// UTF-16 units that are read of a name: with one more than a name has bytes, it is too long whatever they say.
const UNITS_MAX: usize = NAME_BYTES_MAX + 1;

/// The text, as far as a name could be; half a character, which Java may hold, becomes U+FFFD.
fn read(env: *mut JNIEnv, text: jstring) -> String {
    let mut units = [0_u16; UNITS_MAX];
    // SAFETY: the JVM calls with its environment, which is valid on this thread for the whole call; not null, see above.
    let functions = unsafe { *env };
    // SAFETY: a valid environment points to the table of its functions, which the JVM never frees.
    let functions = unsafe { &*functions };
    // SAFETY: every version of the table since 1.2, which no Android and no JVM lacks, has the functions of 1.2.
    let functions = unsafe { &functions.v1_2 };
    // SAFETY: `text` is a string of the JVM's, by the signature in Kotlin, and lives as long as the call.
    let length = unsafe { (functions.GetStringLength)(env, text) };
    let length = usize::try_from(length).unwrap_or_default().min(UNITS_MAX);
    // SAFETY: no more units than the text has, so that nothing is thrown, and no more than the buffer takes.
    unsafe { (functions.GetStringRegion)(env, text, 0, length as jsize, units.as_mut_ptr()) };
    String::from_utf16_lossy(units.get(..length).unwrap_or_default())
}

/// See [`cold::consent`], by numbers: 0 pending, 1 granted, anything else refused; 0 kept, 1 in memory, 2 refused.
#[unsafe(no_mangle)]
#[doc(hidden)]
pub(crate) extern "system" fn Java_dev_nowait_internal_Native_consent(
    _: *mut JNIEnv,
    _: jclass,
    decision: jint,
) -> jint {
    let decision = match decision {
        0 => Consent::Pending,
        1 => Consent::Granted,
        _ => Consent::Refused,
    };
    match cold::consent(decision) {
        Recorded::Kept => 0,
        Recorded::InMemory => 1,
        Recorded::Refused => 2,
    }
}
