package dalvik.annotation.optimization

/** From Android 8 on, the runtime calls a native method so marked without leaving its managed state: shorter, same ABI. */
@Retention(AnnotationRetention.BINARY)
@Target(AnnotationTarget.FUNCTION)
annotation class FastNative
