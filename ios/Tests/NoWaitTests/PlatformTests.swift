import Testing

@testable import NoWait

@Suite struct PlatformTests {
    @Test func aDurationIsMillisecondsWhateverItIs() {
        #expect(Platform.milliseconds(.seconds(30)) == 30_000)
        #expect(Platform.milliseconds(.microseconds(1_500)) == 1)
        #expect(Platform.milliseconds(.seconds(-1)) == 0)
        #expect(Platform.milliseconds(.seconds(Int64.max)) == .max)
    }
}
