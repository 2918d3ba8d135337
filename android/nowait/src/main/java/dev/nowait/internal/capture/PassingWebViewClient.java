package dev.nowait.internal.capture;

import android.graphics.Bitmap;
import android.net.http.SslError;
import android.os.Message;
import android.view.KeyEvent;
import android.webkit.ClientCertRequest;
import android.webkit.HttpAuthHandler;
import android.webkit.RenderProcessGoneDetail;
import android.webkit.SafeBrowsingResponse;
import android.webkit.SslErrorHandler;
import android.webkit.WebResourceError;
import android.webkit.WebResourceRequest;
import android.webkit.WebResourceResponse;
import android.webkit.WebView;
import android.webkit.WebViewClient;
import dev.nowait.internal.ChecksApiLevel;

/**
 * Passes every call of a WebView on to the app's own client, with whatever arguments it came.
 *
 * <p>In Java for the reason of {@link PassingCallback}. What the framework's own client does by default, such as asking the older form of a
 * function, the app's client does or has replaced. {@code onUnhandledInputEvent} alone is not here: no app can override it, and it asks
 * {@code onUnhandledKeyEvent}.
 */
abstract class PassingWebViewClient extends WebViewClient {
    private final WebViewClient inner;

    PassingWebViewClient(WebViewClient inner) {
        this.inner = inner;
    }

    @Override
    @SuppressWarnings("deprecation")
    public boolean shouldOverrideUrlLoading(WebView view, String url) {
        return inner.shouldOverrideUrlLoading(view, url);
    }

    @Override
    public boolean shouldOverrideUrlLoading(WebView view, WebResourceRequest request) {
        return inner.shouldOverrideUrlLoading(view, request);
    }

    @Override
    public void onPageStarted(WebView view, String url, Bitmap favicon) {
        inner.onPageStarted(view, url, favicon);
    }

    @Override
    public void onPageFinished(WebView view, String url) {
        inner.onPageFinished(view, url);
    }

    @Override
    public void onLoadResource(WebView view, String url) {
        inner.onLoadResource(view, url);
    }

    @Override
    public void onPageCommitVisible(WebView view, String url) {
        inner.onPageCommitVisible(view, url);
    }

    @Override
    @SuppressWarnings("deprecation")
    public WebResourceResponse shouldInterceptRequest(WebView view, String url) {
        return inner.shouldInterceptRequest(view, url);
    }

    @Override
    public WebResourceResponse shouldInterceptRequest(WebView view, WebResourceRequest request) {
        return inner.shouldInterceptRequest(view, request);
    }

    @Override
    @SuppressWarnings("deprecation")
    public void onTooManyRedirects(WebView view, Message cancel, Message proceed) {
        inner.onTooManyRedirects(view, cancel, proceed);
    }

    @Override
    @SuppressWarnings("deprecation")
    public void onReceivedError(WebView view, int code, String description, String url) {
        inner.onReceivedError(view, code, description, url);
    }

    @Override
    public void onReceivedError(WebView view, WebResourceRequest request, WebResourceError error) {
        inner.onReceivedError(view, request, error);
    }

    @Override
    public void onReceivedHttpError(WebView view, WebResourceRequest request, WebResourceResponse response) {
        inner.onReceivedHttpError(view, request, response);
    }

    @Override
    public void onFormResubmission(WebView view, Message refuse, Message resend) {
        inner.onFormResubmission(view, refuse, resend);
    }

    @Override
    public void doUpdateVisitedHistory(WebView view, String url, boolean isReload) {
        inner.doUpdateVisitedHistory(view, url, isReload);
    }

    @Override
    public void onReceivedSslError(WebView view, SslErrorHandler handler, SslError error) {
        inner.onReceivedSslError(view, handler, error);
    }

    @Override
    public void onReceivedClientCertRequest(WebView view, ClientCertRequest request) {
        inner.onReceivedClientCertRequest(view, request);
    }

    @Override
    public void onReceivedHttpAuthRequest(WebView view, HttpAuthHandler handler, String host, String realm) {
        inner.onReceivedHttpAuthRequest(view, handler, host, realm);
    }

    @Override
    public boolean shouldOverrideKeyEvent(WebView view, KeyEvent event) {
        return inner.shouldOverrideKeyEvent(view, event);
    }

    @Override
    public void onUnhandledKeyEvent(WebView view, KeyEvent event) {
        inner.onUnhandledKeyEvent(view, event);
    }

    @Override
    public void onScaleChanged(WebView view, float oldScale, float newScale) {
        inner.onScaleChanged(view, oldScale, newScale);
    }

    @Override
    public void onReceivedLoginRequest(WebView view, String realm, String account, String arguments) {
        inner.onReceivedLoginRequest(view, realm, account, arguments);
    }

    /** Only Android 8 and newer call it. */
    @ChecksApiLevel
    @Override
    public boolean onRenderProcessGone(WebView view, RenderProcessGoneDetail detail) {
        return inner.onRenderProcessGone(view, detail);
    }

    /** Only Android 8.1 and newer call it. */
    @ChecksApiLevel
    @Override
    public void onSafeBrowsingHit(WebView view, WebResourceRequest request, int threat, SafeBrowsingResponse callback) {
        inner.onSafeBrowsingHit(view, request, threat, callback);
    }
}
