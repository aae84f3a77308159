// Authorize: cleans pasted tokens, takes over those of responses, forgets them after logout.
"use strict";

(function () {
  const SCHEME = "Bearer";

  // "Bearer <token>" of a paste with quotes, line breaks or any number of `Bearer`, in any case.
  function authorizationOf(pasted) {
    const access = /["']access["']\s*:\s*["']([^"']+)["']/.exec(pasted); // the whole login response
    const words = (access ? access[1] : pasted)
      .replace(/["'`\u2018-\u201f<>\\\u200b\ufeff]|\bauthorization\s*:/gi, " ")
      .split(/\s+/)
      .filter((word) => word && !/^bearer:?$/i.test(word));
    return words.length ? "Bearer " + words.join("") : "";
  }

  const originalRequest = swaggerUiConfig.requestInterceptor;
  const originalResponse = swaggerUiConfig.responseInterceptor;

  swaggerUiConfig.requestInterceptor = function (request) {
    const pasted = request.headers && request.headers.Authorization;
    if (typeof pasted === "string") {
      request.headers.Authorization = authorizationOf(pasted);
      if (!request.headers.Authorization) delete request.headers.Authorization;
    }
    return originalRequest(request);
  };

  swaggerUiConfig.responseInterceptor = function (response) {
    const body = response.obj || response.body || {};
    if (response.ok && typeof body.access === "string") {
      // Not preauthorizeApiKey: drf-yasg would not store the token for the next visit.
      const schema = window.ui.specSelectors.securityDefinitions().get(SCHEME);
      const value = "Bearer " + body.access;
      window.ui.authActions.authorize({ [SCHEME]: { name: SCHEME, schema, value } });
    } else if (response.status === 204 && /\/api\/(logout|me)\/$/.test(response.url)) {
      window.ui.authActions.logout([SCHEME]);
    }
    return originalResponse ? originalResponse(response) : response;
  };
})();
