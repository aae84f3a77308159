// Folds the errors that any call may give into one line below the responses of an operation.
"use strict";

(function () {
  const COMMON = ["406", "411", "413", "415", "422", "429", "500", "503"];

  swaggerUiConfig.plugins.push({
    wrapComponents: {
      responses: (Responses, { React }) =>
        function FoldedResponses(props) {
          const [isOpen, setOpen] = React.useState(false);
          const statuses = props.responses.keySeq().filter((each) => COMMON.includes(each));
          const shown = isOpen
            ? props.responses
            : props.responses.filterNot((_, status) => COMMON.includes(status));
          return React.createElement(
            React.Fragment,
            null,
            React.createElement(Responses, Object.assign({}, props, { responses: shown })),
            statuses.isEmpty()
              ? null
              : React.createElement(
                  "p",
                  { className: "common-errors" },
                  "Errors that any call may give: " + statuses.join(", ") + ". ",
                  React.createElement(
                    "button",
                    {
                      type: "button",
                      className: "btn",
                      "aria-expanded": isOpen,
                      onClick: () => setOpen(!isOpen),
                    },
                    isOpen ? "Hide" : "Show",
                  ),
                ),
          );
        },
    },
  });
})();
