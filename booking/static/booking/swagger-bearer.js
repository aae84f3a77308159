// The Authorize box sends what is pasted as it is. People paste the bare token.
"use strict";

(function () {
  const sendAsIs = swaggerUiConfig.requestInterceptor;

  swaggerUiConfig.requestInterceptor = function (request) {
    const token = request.headers && (request.headers.Authorization || "").trim();
    if (token && !token.includes(" ")) {
      request.headers.Authorization = "Bearer " + token;
    }
    return sendAsIs(request);
  };
})();
