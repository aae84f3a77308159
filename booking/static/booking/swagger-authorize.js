// Adds "Bearer " to a token that was pasted into the Authorize dialog without it.
"use strict";

(function () {
  const originalInterceptor = swaggerUiConfig.requestInterceptor;

  swaggerUiConfig.requestInterceptor = function (request) {
    const token = request.headers && (request.headers.Authorization || "").trim();
    if (token && !token.includes(" ")) {
      request.headers.Authorization = "Bearer " + token;
    }
    return originalInterceptor(request);
  };
})();
