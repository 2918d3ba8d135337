//! The hot lane as `external fun`s of the Kotlin object `dev.nowait.internal.Native`: the same functions, under the
//! names that the JVM looks for. UniFFI over JNA would cost a hundred times as much.
//!
//! **Why unsafe.** A name that the JVM looks for must be exported as it is. The functions only take numbers: the
//! environment and the class, which come with every call, are never touched, so there is no unsafe block.
//!
//! Owns: names and number types. Refuses: everything else, see [`hot`](crate::hot).
//! Invariant: each entry is one call of the function of the same name in `hot`, which catches panics.
#![allow(non_snake_case, reason = "JNI builds names of package, class and method")]

use crate::hot;
use jni_sys::{JNIEnv, jboolean, jclass, jint, jlong};

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
    Java_dev_nowait_internal_Native_breadcrumb => breadcrumb(name: jint, atNs: jlong, number: jlong);
    Java_dev_nowait_internal_Native_processStarted => process_started(atNs: jlong, visible: jboolean);
    Java_dev_nowait_internal_Native_foreground => foreground(atNs: jlong, restored: jboolean);
    Java_dev_nowait_internal_Native_background => background(atNs: jlong);
    Java_dev_nowait_internal_Native_touchUp => touch_up(target: jint, atNs: jlong);
    Java_dev_nowait_internal_Native_touchHandled => touch_handled(atNs: jlong);
    Java_dev_nowait_internal_Native_frame => frame(startedNs: jlong, deadlineNs: jlong, atNs: jlong);
    Java_dev_nowait_internal_Native_navigation => navigation(atNs: jlong);
    Java_dev_nowait_internal_Native_screenCreated => screen_created(screen: jint, atNs: jlong);
    Java_dev_nowait_internal_Native_screenShown => screen_shown(screen: jint, atNs: jlong);
    Java_dev_nowait_internal_Native_screenReady => screen_ready(screen: jint, atNs: jlong);
    Java_dev_nowait_internal_Native_screenLeft => screen_left(screen: jint, atNs: jlong);
    Java_dev_nowait_internal_Native_requestStarted => request_started(id: jlong, route: jint, atNs: jlong);
    Java_dev_nowait_internal_Native_requestEnded => request_ended(id: jlong, atNs: jlong, status: jint, outcome: jint);
    Java_dev_nowait_internal_Native_actionBegin => action_begin(atNs: jlong) -> jlong;
    Java_dev_nowait_internal_Native_actionEnd => action_end(name: jint, startedNs: jlong, atNs: jlong, outcome: jint);
    Java_dev_nowait_internal_Native_actionRecord => action_record(name: jint, startedNs: jlong, atNs: jlong, outcome: jint);
    Java_dev_nowait_internal_Native_mainPing => main_ping(atNs: jlong);
    Java_dev_nowait_internal_Native_mainPong => main_pong(atNs: jlong);
    Java_dev_nowait_internal_Native_journeyStarted => journey_started(id: jlong, journey: jint, atNs: jlong);
    Java_dev_nowait_internal_Native_stepStarted => step_started(id: jlong, step: jint, atNs: jlong);
    Java_dev_nowait_internal_Native_journeyEnded => journey_ended(id: jlong, atNs: jlong, outcome: jint);
}
