// The endpoints, from the service's own description.

const add = (parent, tag, text, className) => {
  const element = document.createElement(tag);
  if (text) element.textContent = text;
  if (className) element.className = className;
  parent.append(element);
  return element;
};

function example(method, path, operation) {
  const url = `${location.origin}${path.replace("{name}", path.includes("style") ? "oil" : "sepia")}`;
  if (method === "get") return `curl ${url}`;
  const schema = operation.requestBody?.content?.["multipart/form-data"]?.schema;
  return `curl ${Object.keys(schema?.properties ?? {}).map((name) => `-F ${name}=@photo.jpg`).join(" ")} ${url}`;
}

const main = document.getElementById("operations");
const token = sessionStorage.getItem("token");
const response = await fetch("/openapi.json", token ? { headers: { Authorization: `Bearer ${token}` } } : {});
if (!response.ok) {
  main.textContent = "The description needs the token: give it on the page first.";
} else {
  const description = await response.json();
  main.replaceChildren();
  for (const [path, operations] of Object.entries(description.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const section = add(main, "section");
      const heading = add(section, "h2");
      add(heading, "span", method.toUpperCase());
      heading.append(path);
      add(section, "p", operation.description || operation.summary);
      add(section, "pre", example(method, path, operation)).tabIndex = 0;
      const rows = [
        ...(operation.parameters ?? []).filter((each) => each.in === "query").map((each) => [each.name, `${each.description}${each.schema.enum ? `: ${each.schema.enum.join(", ")}` : ""}`]),
        ...Object.entries(operation.responses).filter(([status]) => status >= "400").map(([status, each]) => [status, each.description]),
      ];
      const table = add(section, "table");
      for (const [name, text] of rows) {
        const row = add(table, "tr");
        add(row, "td", name);
        add(row, "td", text);
      }
    }
  }
  const section = add(main, "section");
  const heading = add(section, "h2");
  add(heading, "span", "WS");
  heading.append("/v1/stream");
  add(section, "p", "Send encoded frames as binary messages, and options as JSON in text messages. Each result is a text message; a newer frame replaces one that waits.");
}
