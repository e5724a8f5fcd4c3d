import { createRoot } from "react-dom/client";
import { App } from "./app";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/shell.css";
import "./styles/parts.css";
import "./styles/machine.css";
import "./styles/map.css";
import "./styles/broker.css";
import "./styles/trust.css";
import "./styles/sql.css";
import "./styles/handle.css";
import "./styles/naming.css";
import "./styles/screen.css";

createRoot(document.getElementById("root")!).render(<App />);
